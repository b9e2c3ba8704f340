import Foundation
import NN
import Yams

/// An option that has another value than before.
public struct ConfigDifference: Sendable, Equatable, CustomStringConvertible {
  /// The option.
  public let key: TrainingConfig.Key
  /// Its value before; `null` when it was not set.
  public let old: String
  /// Its value now.
  public let new: String

  /// `rank: 16 -> 32`
  public var description: String { "\(key.rawValue): \(old) -> \(new)" }
}

extension TrainingConfig {
  /// The configuration as one line of JSON with sorted keys: equal configurations give equal text.
  /// `JSONDecoder` reads it back.
  public func recordJSON() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// The options that have another value than in `recorded`, in the order of their declaration.
  public func differences(from recorded: TrainingConfig) throws -> [ConfigDifference] {
    let old = try recorded.optionNodes()
    let new = try optionNodes()
    return Key.allCases.compactMap { key in
      let before = old[key.rawValue]?.text ?? "null"
      let after = new[key.rawValue]?.text ?? "null"
      return before == after ? nil : ConfigDifference(key: key, old: before, new: after)
    }
  }

  /// The differences that would make a resumed run compute something else than the uninterrupted
  /// one, so that the resume has to be refused.
  ///
  /// Checkpoints, samples and held-out pictures do not touch the arithmetic. Nor does the number of
  /// steps, as long as the learning rate does not depend on it; nor which GPU it is, nor on a GPU
  /// the number of CPU threads. Paths say nothing: whoever resumes compares the contents of the
  /// dataset, of the class images and of the base model.
  public func differencesForbiddenOnResume(
    from recorded: TrainingConfig
  ) throws -> [ConfigDifference] {
    try differences(from: recorded).filter { difference in
      switch difference.key {
      case .steps: learningRateSchedule != .constant
      case .device: !(device.isCUDA && recorded.device.isCUDA)
      case .threads: !device.isCUDA
      case .deterministic: device.isCUDA
      case .priorImages, .priorWeight, .priorBatchSize:
        preservesPrior || recorded.preservesPrior
      // Drawn or found; what is found is compared by content.
      case .priorFolder:
        preservesPrior && recorded.preservesPrior
          && drawsClassImages != recorded.drawsClassImages
      case .classPrompts, .priorSteps, .priorGuidance:
        drawsClassImages && recorded.drawsClassImages
      case .model, .dataset, .checkpointEvery, .keepLast, .keepEvery, .sampleEvery, .samplePrompts,
        .sampleSteps, .sampleGuidance, .sampleSeeds, .validationDataset, .validateEvery,
        .holdOut:
        false
      default: true
      }
    }
  }

  /// Every option as it would stand in a file.
  func optionNodes() throws -> [String: Node] {
    // JSON is YAML.
    let mapping = try compose(yaml: recordJSON())?.mapping ?? [:]
    return Dictionary(uniqueKeysWithValues: mapping.map { ($0.key.scalar?.string ?? "", $0.value) })
  }
}

extension Node {
  /// A value as it is written on one line.
  fileprivate var text: String {
    sequence.map { "[" + $0.map(\.text).joined(separator: ", ") + "]" } ?? scalar?.string ?? ""
  }
}
