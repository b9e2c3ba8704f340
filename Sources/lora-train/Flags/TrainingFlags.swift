import ArgumentParser
import Drawing
import Options
import Training

/// The training options of one section as flags.
protocol SectionFlags: FlagSelection where Table == TrainingConfig {
  static var section: OptionSection { get }
}

extension SectionFlags {
  static func contains(_ option: OptionEntry) -> Bool { option.section == section }
}

/// The sections of the training options. The parser's groups need a type for each.
enum TrainingFlags {
  enum Run: SectionFlags { static let section = OptionSection.run }
  enum Images: SectionFlags { static let section = OptionSection.images }
  enum Adapter: SectionFlags { static let section = OptionSection.adapter }
  enum Optimizer: SectionFlags { static let section = OptionSection.optimizer }
  enum Objective: SectionFlags { static let section = OptionSection.objective }
  enum Text: SectionFlags { static let section = OptionSection.text }
  enum Prior: SectionFlags { static let section = OptionSection.prior }
  enum Checkpoints: SectionFlags { static let section = OptionSection.checkpoints }
  enum Validation: SectionFlags { static let section = OptionSection.validation }
  enum Samples: SectionFlags { static let section = OptionSection.samples }
  enum Machine: SectionFlags { static let section = OptionSection.machine }

  /// What decides the memory of a training.
  enum Memory: FlagSelection {
    typealias Table = TrainingConfig

    static func contains(_ option: OptionEntry) -> Bool {
      let schema = Table.schema
      let keys = [
        schema.key(of: \.$resolution), schema.key(of: \.$batchSize), schema.key(of: \.$rank),
        schema.key(of: \.$precision), schema.key(of: \.$device), schema.key(of: \.$memory),
        schema.key(of: \.$gradientCheckpointing), schema.key(of: \.$checkpointingExtent),
        schema.key(of: \.$frozenWeights), schema.key(of: \.$offloadedShare),
      ]
      return keys.contains(option.key)
    }
  }

  /// The dataset folder, and the model whose resolution and tokenizer apply.
  enum Sources: FlagSelection {
    typealias Table = TrainingConfig

    static func contains(_ option: OptionEntry) -> Bool {
      [Table.schema.key(of: \.$dataset), Table.schema.key(of: \.$model)].contains(option.key)
    }
  }
}
