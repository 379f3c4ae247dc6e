import { host } from "../host";
import { create } from "../views/brush_panel";

export default host(create);
