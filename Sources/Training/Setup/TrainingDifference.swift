import NN
public import Options

/// Something that would make going on with a run another training.
public struct TrainingDifference: Sendable, Equatable, CustomStringConvertible {
  /// Its name: an option's key, or one of ``contents``.
  public let key: String
  /// What it is, with the old and the new value: `rank: 16 -> 32`.
  public let description: String

  /// What is no option, by its content.
  public static let contents = ["dataset", "captions", "class_images", "model", "libtorch"]
  /// Options that decide the shapes of what a checkpoint holds, and so can never change.
  static let fixed = TrainingConfig.schema.options.filter(\.isFixed).map(\.key)

  /// Everything that can be let pass.
  public static var keys: [String] {
    (TrainingConfig.schema.options.map(\.key) + contents).distinct().filter {
      !fixed.contains($0)
    }
  }

  init(_ key: String, _ description: String) {
    self.key = key
    self.description = description
  }

  /// An option of another value.
  public init(_ difference: OptionDifference) {
    self.init(difference.key, difference.description)
  }
}
