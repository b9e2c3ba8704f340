/// The time that the rest of a training takes, from the measured durations of its parts.
public struct RemainingTime {
  /// A part of a training that takes time. All but the step happen at intervals.
  public enum Part: CaseIterable, Sendable {
    case step
    case validation
    case samples
    /// Only the time that the training waits for it: checkpoints are written in the background.
    case checkpoint
  }

  /// The number of latest durations that count.
  private static let window = 50

  private let steps: Int
  private let intervals: [Part: Int]
  private var durations: [Part: [Double]] = [:]

  /// - Parameter hasValidation: Whether there are validation images.
  package init(_ config: TrainingConfig, hasValidation: Bool) {
    steps = config.steps
    intervals = [
      .step: 1, .validation: hasValidation ? config.validateEvery : 0,
      .samples: config.sampleEvery, .checkpoint: config.checkpointEvery,
    ]
  }

  /// Adds a measured duration in seconds.
  package mutating func add(_ part: Part, seconds: Double) {
    durations[part, default: []].append(seconds)
    durations[part] = durations[part]?.suffix(Self.window)
  }

  /// The median duration of a part in seconds; nil before it was measured.
  package func median(of part: Part) -> Double? {
    durations[part].map { $0.sorted()[$0.count / 2] }
  }

  /// The seconds from the end of a step, before its validation, samples and checkpoint, to the end
  /// of the training. Parts that were not measured yet count as nothing.
  package func seconds(after step: Int) -> Double {
    Part.allCases.reduce(0) { $0 + Double(count(of: $1, after: step)) * (median(of: $1) ?? 0) }
  }

  /// The parts that are still to come and were not measured yet.
  package func unmeasured(after step: Int) -> [Part] {
    Part.allCases.filter { count(of: $0, after: step) > 0 && median(of: $0) == nil }
  }

  /// How often a part is still to come: at the multiples of its interval and at the last step.
  private func count(of part: Part, after step: Int) -> Int {
    if part == .step { return steps - step }
    guard let interval = intervals[part] else { return 0 }
    // A checkpoint of the last step is always written.
    guard interval > 0 else { return part == .checkpoint ? 1 : 0 }
    return steps / interval - (step - 1) / interval + (steps.isMultiple(of: interval) ? 0 : 1)
  }
}
