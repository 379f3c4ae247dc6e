import { host } from "../host";
import { create } from "../views/compression_controls";

export default host(create);
