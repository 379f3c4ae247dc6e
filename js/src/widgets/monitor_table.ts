import { host } from "../host";
import { create } from "../views/monitor_table";

export default host(create);
