import { host } from "../host";
import { create } from "../views/channel_grid";

export default host(create);
