export { hotFor } from "../../../assembly/hot";
