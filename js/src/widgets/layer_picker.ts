import { host } from "../host";
import { create } from "../views/layer_picker";

export default host(create);
