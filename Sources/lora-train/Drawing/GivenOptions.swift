/// Which options stand on the command line, whatever they say.
struct GivenOptions {
  private let names: Set<String>
  private let arguments: [String]

  /// Those of this process.
  static let ofProcess = GivenOptions(Array(CommandLine.arguments.dropFirst()))

  /// Those among some arguments.
  init(_ arguments: [String]) {
    self.arguments = arguments
    names = Set(
      arguments.prefix { $0 != "--" }.filter { $0.hasPrefix("-") }
        .map { String($0.prefix { $0 != "=" }) })
  }

  /// Whether one of these is there, as `--model`.
  func contains(_ options: String...) -> Bool { !names.isDisjoint(with: options) }

  /// The text after an option, the last where there are several; nil where there is none.
  func value(of option: String) -> String? {
    for (index, argument) in arguments.enumerated().reversed() {
      if argument.hasPrefix("\(option)=") { return String(argument.dropFirst(option.count + 1)) }
      if argument == option, index + 1 < arguments.count { return arguments[index + 1] }
    }
    return nil
  }

  /// An option as arguments: in one, so that its text may begin with a dash, unless it is empty.
  static func arguments(_ option: String, _ text: String) -> [String] {
    text.isEmpty ? ["--\(option)", ""] : ["--\(option)=\(text)"]
  }
}
