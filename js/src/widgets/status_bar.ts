import { host } from "../host";
import { create } from "../views/status_bar";

export default host(create);
