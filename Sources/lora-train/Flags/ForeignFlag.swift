import ArgumentParser
import Drawing
import Options
import Training

/// A flag that a command does not have, because it is another program's or another command's, or because
/// its value needs no flag.
struct ForeignFlag {
  /// The sentence about it, without a full stop.
  let sentence: String

  /// Reads the parser's message on an unknown option. nil for other messages and unknown names.
  ///
  /// - Parameter help: The help of the command.
  init?(message: String, command: String, help: @autoclosure () -> String) {
    guard let flag = message.prefixMatch(of: /Unknown option '(-{1,2}([^'=]+))/) else { return nil }
    let name = String(flag.2)
    let draws = ["generate", "compare"].contains(command)
    let (drawing, training) = (DrawingOptions.foreign(name), TrainingConfig.foreign(name))
    let flags = CommandFlags(of: command, help: help())
    let foreign = (draws ? drawing : training).flatMap { flags.has($0) ? $0 : nil }
    let key = foreignKey(name)
    let begin = "There is no option \(flag.1); "
    if flags.arguments.contains(name) {
      sentence = begin + "the \(name) needs no flag, as in lora-train \(command) <\(name)>"
    } else if let own = Self.command(of: key), own != command, foreign == nil || key == "lora" {
      sentence =
        begin + "it is an option of lora-train \(own)"
        + (key == "lora" ? ", and `init_lora` starts a training from a LoRA".wordingFlags : "")
    } else if let foreign {
      sentence = begin + foreign.answer.wordingFlags
    } else if flags.isTable, let other = draws ? training : drawing {
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

/// The flags of a command.
private struct CommandFlags {
  /// Whether the command has the flags of a table of options.
  let isTable: Bool
  /// The names of the values without a flag, such as `run`.
  let arguments: Set<String>
  private let names: Set<String>

  init(of command: String, help: String) {
    isTable = ["train", "dataset", "generate", "compare"].contains(command)
    // A flag begins its line, and its help follows after two spaces.
    let lines = help.split(separator: "\n").map { $0.drop { $0 == " " } }
    names = Set(
      lines.filter { $0.hasPrefix("-") }.flatMap { line in
        String(line.split(separator: "  ")[0]).matches(of: /--[a-z0-9-]+/).map { String($0.0) }
      })
    arguments = Set(lines.compactMap { $0.prefixMatch(of: /<([a-z]+)/).map { String($0.1) } })
  }

  /// Whether the command has the options that an answer names.
  func has(_ foreign: ForeignName) -> Bool {
    let named = foreign.answer.wordingFlags.matches(of: /--[a-z0-9-]+/).map { String($0.0) }
    return named.isEmpty ? isTable : named.allSatisfy(names.contains)
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
