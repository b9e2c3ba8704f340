import ArgumentParser
import Drawing
import Files
import Options

/// The drawing options of one section as flags.
protocol DrawingSection: FlagSelection where Table == DrawingOptions {
  static var section: OptionSection { get }
}

extension DrawingSection {
  static func contains(_ option: OptionEntry) -> Bool { option.section == section }
}

/// The sections of the drawing options. The parser's groups need a type for each.
enum DrawingFlags {
  enum Subject: DrawingSection { static let section = OptionSection.subject }
  enum Picture: DrawingSection { static let section = OptionSection.picture }
  enum Model: DrawingSection { static let section = OptionSection.model }
  enum Prompts: DrawingSection { static let section = OptionSection.prompts }
  enum Start: DrawingSection { static let section = OptionSection.start }
  enum Refiner: DrawingSection { static let section = OptionSection.refiner }
  enum Conditioning: DrawingSection { static let section = OptionSection.conditioning }
  enum Machine: DrawingSection { static let section = OptionSection.machine }

  /// The model of a comparison. Its adapters come from runs.
  enum ComparedModel: FlagSelection {
    typealias Table = DrawingOptions

    static func contains(_ option: OptionEntry) -> Bool {
      option.key == Table.schema.key(of: \.$model)
    }
  }
}

extension DrawingRequest {
  /// The options given as flags. Throws `ConfigError`.
  init(flags: [OptionOverrides<DrawingOptions>]) throws(ConfigError) {
    var layers = OptionLayers<DrawingOptions>()
    for overrides in flags { layers.add(overrides) }
    try self.init(layers)
  }
}

/// Runs a check of flags. Its usage errors are reported like the parser's own.
func checkingUsage<Value>(_ check: () throws -> Value) throws -> Value {
  do {
    return try check()
  } catch let error as any ReportableError where error.kind == .usage {
    throw ValidationError(error.description)
  }
}
