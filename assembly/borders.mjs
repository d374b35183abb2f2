// The functions at which something secret becomes public stay functions of their own in the shipped binary, so that a
// test can watch exactly them (test/constant-time): asc inlines everything else as it likes.
import { Transform } from "assemblyscript/transform";

const BORDERS = ["assembly/esp/icv/icvWrite", "assembly/esp/icv/icvMatches", "assembly/esp/open/readTrailer"];

export default class Borders extends Transform {
  afterCompile(module) {
    for (const name of BORDERS) {
      this.binaryen.setPassArgument("no-inline", name);
      module.runPasses(["no-inline"]);
    }
  }
}
