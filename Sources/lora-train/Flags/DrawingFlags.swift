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

/// The sections of the drawing options, as types, which the parser's groups need.
enum DrawingFlags {
  enum Subject: DrawingSection { static let section = OptionSection.subject }
  enum Image: DrawingSection { static let section = OptionSection.image }
  enum Model: DrawingSection { static let section = OptionSection.model }
  enum Prompts: DrawingSection { static let section = OptionSection.prompts }
  enum Start: DrawingSection { static let section = OptionSection.start }
  enum Refiner: DrawingSection { static let section = OptionSection.refiner }
  enum Conditioning: DrawingSection { static let section = OptionSection.conditioning }
  enum Machine: DrawingSection { static let section = OptionSection.machine }

  /// What a comparison is drawn with, whose adapters are those of runs.
  enum ComparedModel: FlagSelection {
    typealias Table = DrawingOptions

    static func contains(_ option: OptionEntry) -> Bool {
      option.key == Table.schema.key(of: \.$model)
    }
  }
}

extension DrawingRequest {
  /// What is given in flags. Throws `ConfigError`.
  init(flags: [OptionOverrides<DrawingOptions>]) throws(ConfigError) {
    var layers = OptionLayers<DrawingOptions>()
    for overrides in flags { layers.add(overrides) }
    try self.init(layers)
  }
}

/// Runs a check of flags; what is wrong with them is reported as the parser reports its own errors.
func checkingUsage<Value>(_ check: () throws -> Value) throws -> Value {
  do {
    return try check()
  } catch let error as any ReportableError where error.kind == .usage {
    throw ValidationError(error.description)
  }
}
