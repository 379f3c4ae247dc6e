// The module that Jupyter loads with every widget. All else comes when it is needed.
import { host } from "./host";

export default host;
