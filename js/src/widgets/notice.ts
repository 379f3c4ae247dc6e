import { host } from "../host";
import { create } from "../views/notice";

export default host(create);
