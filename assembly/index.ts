export { hotFor } from "./hot";
