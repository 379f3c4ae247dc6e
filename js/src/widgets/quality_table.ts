import { host } from "../host";
import { create } from "../views/quality_table";

export default host(create);
