import ArgumentParser
import Foundation

struct ConfigFileOption: ParsableArguments {
  @Option(
    help: .value("Configuration file. Default: Configs/<subject>.yaml if it exists.", "file"),
    completion: .file(extensions: ["yaml"]))
  var config: String?

  var url: URL? { config.map { URL(filePath: $0) } }
}

extension ArgumentHelp {
  /// Help with a name for the option's value.
  static func value(_ text: String, _ name: String) -> ArgumentHelp {
    ArgumentHelp(text, valueName: name)
  }
}
