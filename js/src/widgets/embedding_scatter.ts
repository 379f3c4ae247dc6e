import { host } from "../host";
import { create } from "../views/embedding_scatter";

export default host(create);
