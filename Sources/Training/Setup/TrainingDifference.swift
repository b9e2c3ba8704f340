import NN
public import Options

/// A difference between a setup and a run that would change the training on a resume.
public struct TrainingDifference: Sendable, Equatable, CustomStringConvertible {
  /// The key of an option, or one of ``contents``.
  public let key: String
  /// The difference in words, with the old and the new value: `rank: 16 -> 32`.
  public let description: String

  /// The keys of differences in data and programs rather than in options.
  public static let contents = [
    "dataset", "captions", "class_images", "model", "libtorch", worldSize,
  ]
  /// The key of another number of ranks.
  static let worldSize = "world_size"
  /// Options that decide what tensors a checkpoint has. They never change on a resume.
  static let fixed = TrainingConfig.schema.options.filter(\.isFixed).map(\.key)

  /// The keys of all differences that can be allowed.
  public static var keys: [String] {
    (TrainingConfig.schema.options.map(\.key) + contents).distinct().filter {
      !fixed.contains($0)
    }
  }

  /// Whether a resume can allow it.
  var canBeAllowed: Bool { !Self.fixed.contains(key) }

  init(_ key: String, _ description: String) {
    self.key = key
    self.description = description
  }

  /// A difference in the value of an option.
  public init(_ difference: OptionDifference) {
    self.init(difference.key, difference.description)
  }
}
