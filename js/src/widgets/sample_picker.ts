import { host } from "../host";
import { create } from "../views/sample_picker";

export default host(create);
