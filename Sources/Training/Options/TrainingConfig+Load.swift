package import Foundation
import NN
package import Options
import Yams

extension TrainingConfig {
  /// Loads the configuration of a run from four layers, each overriding the one before: the
  /// built-in defaults, `default.yaml` if it exists, `file` or else `<subject>.yaml` if that
  /// exists, and `overrides`.
  ///
  /// - Parameters:
  ///   - overrides: The options set on the command line.
  ///   - file: A configuration file to read instead of `<subject>.yaml`.
  ///   - folder: The folder with `default.yaml` and `<subject>.yaml`.
  ///   - needsSubject: Whether a configuration without a subject is an error.
  /// - Throws: `ConfigError` for a file that is missing or malformed, and for an option that is
  ///   unknown, has the wrong type or is out of range.
  package static func load(
    _ overrides: OptionOverrides<TrainingConfig>,
    file: URL? = nil,
    folder: URL = URL(fileURLWithPath: "Configs", isDirectory: true),
    needsSubject: Bool = true
  ) throws(ConfigError) -> TrainingConfig {
    try LoadedConfig(overrides, file: file, folder: folder, needsSubject: needsSubject).config
  }

  /// This configuration with some options replaced. Throws `ConfigError` for an invalid value.
  package func overridden(
    by overrides: OptionOverrides<TrainingConfig>
  ) throws(ConfigError) -> TrainingConfig {
    var layers = OptionLayers(over: self)
    layers.add(overrides)
    return try layers.resolve()
  }

  /// A configuration file of all options, each with its help text.
  package var yaml: String {
    yaml(
      introduction: """
        Every option with its value. Configs/<subject>.yaml overrides Configs/default.yaml, and
        flags override both.
        """)
  }
}

/// A configuration, and the options that the user has set for this run.
package struct LoadedConfig {
  package let config: TrainingConfig
  /// The keys that the command line, the subject's file or the given file sets. `default.yaml` does
  /// not count, since it may contain every option.
  package let keys: Set<String>

  /// Loads the layers of ``TrainingConfig/load(_:file:folder:needsSubject:)``. Throws `ConfigError`.
  package init(
    _ overrides: OptionOverrides<TrainingConfig>,
    file: URL? = nil,
    folder: URL = URL(fileURLWithPath: "Configs", isDirectory: true),
    needsSubject: Bool = true
  ) throws(ConfigError) {
    var layers = OptionLayers<TrainingConfig>()
    let common = folder.appendingPathComponent("default.yaml")
    if FileManager.default.fileExists(atPath: common.path) { try layers.add(fileAt: common) }
    var own = OptionLayers<TrainingConfig>()
    if let file = file ?? Self.file(of: overrides, in: folder) { try own.add(fileAt: file) }
    own.add(overrides)
    layers.add(own)
    keys = own.keys
    config = try layers.resolve(
      unchecked: needsSubject ? [] : [TrainingConfig.schema.key(of: \.$subject)])
  }

  /// The subject's own configuration file; nil if there is none.
  private static func file(
    of overrides: OptionOverrides<TrainingConfig>, in folder: URL
  ) -> URL? {
    guard let subject = overrides.text(of: \.$subject), SubjectName.isFolderName(subject) else {
      return nil
    }
    let own = folder.appendingPathComponent("\(subject).yaml")
    return FileManager.default.fileExists(atPath: own.path) ? own : nil
  }
}
