public import Foundation
import NN
package import Options
import Yams

extension TrainingConfig {
  /// The configuration of a run: the defaults, over them `default.yaml` if it exists, over it `file` or
  /// else `<subject>.yaml` if that exists, and `overrides` over all.
  ///
  /// - Parameters:
  ///   - overrides: What is set on the command line.
  ///   - file: The file the user named, instead of the subject's own.
  ///   - folder: Where the configuration files are.
  ///   - needsSubject: Whether a configuration without a subject is an error.
  /// - Throws: `ConfigError` for a file that is missing or broken, and for an option that is
  ///   unknown, of the wrong type or outside what is allowed.
  package static func load(
    _ overrides: OptionOverrides<TrainingConfig>,
    file: URL? = nil,
    folder: URL = URL(fileURLWithPath: "Configs", isDirectory: true),
    needsSubject: Bool = true
  ) throws(ConfigError) -> TrainingConfig {
    var layers = OptionLayers<TrainingConfig>()
    let common = folder.appendingPathComponent("default.yaml")
    if FileManager.default.fileExists(atPath: common.path) { try layers.add(fileAt: common) }
    if let file {
      try layers.add(fileAt: file)
    } else if let subject = overrides.text(of: \.$subject), SubjectName.isFolderName(subject) {
      let own = folder.appendingPathComponent("\(subject).yaml")
      if FileManager.default.fileExists(atPath: own.path) { try layers.add(fileAt: own) }
    }
    layers.add(overrides)
    return try layers.resolve(unchecked: needsSubject ? [] : [schema.key(of: \.$subject)])
  }

  /// This configuration with others over it. Throws `ConfigError` for what they set wrongly.
  package func overridden(
    by overrides: OptionOverrides<TrainingConfig>
  ) throws(ConfigError) -> TrainingConfig {
    var layers = OptionLayers(over: self)
    layers.add(overrides)
    return try layers.resolve()
  }

  /// Every option with its help, as a configuration file.
  package var yaml: String {
    yaml(
      introduction: """
        Every option with its value. Configs/<subject>.yaml overrides Configs/default.yaml, and flags
        override both.
        """)
  }
}
