import ArgumentParser
import Foundation

/// The file with the training options.
struct ConfigFileOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Configuration file. Default: Configs/<subject>.yaml if it exists.", valueName: "file"),
    completion: .file(extensions: ["yaml"]))
  var config: String?

  var url: URL? { config.map { URL(filePath: $0) } }
}

extension ArgumentHelp {
  /// Help that calls the option's value by a word.
  static func value(_ text: String, _ name: String) -> ArgumentHelp {
    ArgumentHelp(text, valueName: name)
  }
}
