import Foundation

/// A flag with a single value that is given several times. The parser uses the last one, so that scripts can
/// override flags, and drops the others.
struct RepeatedFlag {
  /// The flag, with its dashes.
  let flag: String
  /// How often it is given.
  let count: Int

  /// The first one in the arguments; nil if there is none.
  ///
  /// - Parameter help: The parser's description of the program as JSON.
  init?(in arguments: [String], help: () -> String) throws {
    let names = arguments.prefix { $0 != "--" }.filter { $0.hasPrefix("--") }.map { argument in
      String(argument.prefix { $0 != "=" })
    }
    let counts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    guard counts.values.contains(where: { $0 > 1 }) else { return nil }
    let single = try Self.singleFlags(of: arguments, help())
    guard let flag = names.first(where: { counts[$0, default: 0] > 1 && single.contains($0) })
    else { return nil }
    self.flag = flag
    count = counts[flag, default: 0]
  }

  /// The flags of a command that have one value.
  private static func singleFlags(of arguments: [String], _ json: String) throws -> Set<String> {
    let help = try JSONDecoder().decode(Help.self, from: Data(json.utf8))
    var command = help.command
    var words = arguments[...]
    if words.first.map({ $0.hasPrefix("-") }) ?? true {
      words = [command.defaultSubcommand ?? ""] + words
    }
    while let word = words.popFirst(),
      let next = command.subcommands?.first(where: { $0.commandName == word })
    {
      command = next
    }
    let options = (command.arguments ?? []).filter { $0.kind == "option" && !$0.isRepeating }
    return Set(
      options.flatMap { $0.names ?? [] }.filter { $0.kind == "long" }.map { "--\($0.name)" })
  }

  /// The parser's description of the program, as far as it is needed here.
  private struct Help: Decodable {
    let command: Command

    struct Command: Decodable {
      let commandName: String
      let defaultSubcommand: String?
      let subcommands: [Command]?
      let arguments: [Argument]?
    }

    struct Argument: Decodable {
      let kind: String
      let isRepeating: Bool
      let names: [Name]?
    }

    struct Name: Decodable {
      let kind: String
      let name: String
    }
  }
}
