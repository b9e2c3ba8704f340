public import Torch

/// What is promised of a run that is stopped and continued, or trained again.
public enum Exactness: Sendable, Equatable, CustomStringConvertible {
  /// On a CPU: the same bytes with as many threads.
  case exact(threads: Int)
  /// On a GPU with deterministic kernels.
  case deterministic
  /// On a GPU otherwise: the same data, noise and order, but sums in whatever order they come.
  case close

  /// The relative difference of losses that is to be expected of `close`.
  static let tolerance = 1e-2

  /// The promise for a device.
  public init(on device: Device, threads: Int, deterministic: Bool) {
    self = !device.isCUDA ? .exact(threads: threads) : deterministic ? .deterministic : .close
  }

  /// The promise in one sentence.
  public var description: String {
    switch self {
    case .exact(let threads):
      "Exact: stopped and continued, it gives the same bytes as without a stop, with this libtorch "
        + "and \(threads) CPU \(threads == 1 ? "thread" : "threads")."
    case .deterministic:
      "Deterministic kernels: stopped and continued, it gives the same bytes as without a stop, on "
        + "this kind of GPU and with this libtorch."
    case .close:
      "Stopped and continued, it has the same data, noise and order as without a stop, but a GPU "
        + "adds in no fixed order: losses agree within \(Int(100 * Self.tolerance)) %; "
        + "`deterministic: true` makes them the same bits."
    }
  }
}

extension TrainingSetup {
  /// What is promised of this training.
  public var exactness: Exactness {
    Exactness(
      on: device, threads: config.threads ?? Backend.threads, deterministic: config.deterministic)
  }
}
