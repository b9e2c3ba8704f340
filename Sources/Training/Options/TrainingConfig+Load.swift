package import Foundation
package import Options

extension TrainingConfig {
  /// Loads the configuration of a run from five layers, each overriding the one before: the
  /// built-in defaults, `default.yaml` if it exists, the ``Recipe`` if one is set, `file` or else `<subject>.yaml` if that
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
    folder: URL = ConfigSources.folder,
    needsSubject: Bool = true
  ) throws(ConfigError) -> TrainingConfig {
    try ConfigSources(overrides, file: file, folder: folder)
      .load(needsSubject: needsSubject).config
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
    let all = yaml(
      introduction: """
        Every option with its value. Configs/<subject>.yaml overrides Configs/default.yaml, and
        flags override both.
        """)
    // The number of steps follows from the epochs, and a file sets one of both.
    return epochs == nil ? all : all.replacing("\nsteps: ", with: "\n# steps: ", maxReplacements: 1)
  }
}
