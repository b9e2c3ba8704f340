import ArgumentParser
import Drawing
import Options
import Training

/// A flag that a command does not have, because it is another program's or another command's.
struct ForeignFlag {
  /// The sentence about it, without a full stop.
  let sentence: String

  /// Reads the parser's message on an unknown option. nil for other messages and unknown names.
  init?(message: String, command: String) {
    guard let flag = message.prefixMatch(of: /Unknown option '(-{1,2}([^'=]+))/) else { return nil }
    let name = String(flag.2)
    let draws = ["generate", "compare"].contains(command)
    let (drawing, training) = (DrawingOptions.foreign(name), TrainingConfig.foreign(name))
    let foreign = draws ? drawing : training
    let key = foreignKey(name)
    let begin = "There is no option \(flag.1); "
    if let own = Self.command(of: key), own != command, foreign == nil || key == "lora" {
      sentence =
        begin + "it is an option of lora-train \(own)"
        + (key == "lora" ? ", and `init_lora` starts a training from a LoRA".wordingFlags : "")
    } else if let foreign {
      sentence = begin + foreign.answer.wordingFlags
    } else if let other = draws ? training : drawing {
      sentence =
        begin + other.answer.wordingFlags + ", for lora-train \(draws ? "train" : "generate")"
    } else {
      return nil
    }
  }

  /// The command with a flag: `train` or `generate`.
  private static func command(of name: String) -> String? {
    func has(_ options: [OptionEntry]) -> Bool {
      options.contains { foreignKey($0.flagName($0.key)) == name }
    }
    if has(TrainingConfig.schema.options) { return "train" }
    return has(DrawingOptions.schema.options) ? "generate" : nil
  }
}

/// The arguments with negative numbers joined to their flags, as in `--seed=-1`. The parser would read
/// such a number as a flag.
func joiningNegativeNumbers(_ arguments: [String]) -> [String] {
  arguments.reduce(into: []) { joined, argument in
    if let last = joined.last, last.hasPrefix("--"), !last.contains("="), last != "--",
      argument.wholeMatch(of: /-\.?[0-9][0-9.]*(?:[eE][-+]?[0-9]+)?/) != nil
    {
      joined[joined.count - 1] = "\(last)=\(argument)"
    } else {
      joined.append(argument)
    }
  }
}
