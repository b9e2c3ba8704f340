public import Torch

/// How exactly a resumed or repeated run gives the same result.
public enum Exactness: Sendable, Equatable, CustomStringConvertible {
  /// On a CPU: the same bytes with the same number of threads.
  case exact(threads: Int)
  /// On a GPU with deterministic kernels: the same bytes on the same kind of GPU.
  case deterministic
  /// On a GPU otherwise: the same data, noise and order, but sums in no fixed order.
  case close

  /// The expected relative difference of losses for `close`.
  static let tolerance = 1e-2

  /// The exactness of a training on a device.
  public init(on device: Device, threads: Int, deterministic: Bool) {
    self = !device.isCUDA ? .exact(threads: threads) : deterministic ? .deterministic : .close
  }

  /// The exactness in one sentence.
  public var description: String {
    switch self {
    case .exact(let threads):
      "Exact: a resumed run gives the same bytes as an uninterrupted one, with this libtorch and "
        + "\(threads) CPU \(threads == 1 ? "thread" : "threads")."
    case .deterministic:
      "Deterministic kernels: a resumed run gives the same bytes as an uninterrupted one, on this "
        + "kind of GPU and with this libtorch."
    case .close:
      "Not exact: a resumed run has the same data, noise and order as an uninterrupted one, but a "
        + "GPU adds in no fixed order; losses agree within \(Int(100 * Self.tolerance)) %, and "
        + "`deterministic: true` makes them equal."
    }
  }
}

extension TrainingSetup {
  /// The exactness of this training.
  public var exactness: Exactness {
    Exactness(
      on: device, threads: config.threads ?? Backend.threads, deterministic: config.deterministic)
  }
}
