import Torch

/// A float32 tensor of one dimension.
func vector(_ values: Float...) throws -> Tensor { try Tensor(values, shape: [values.count]) }

/// The values 0, 1, 2, ... as float32, in a shape.
func counting(_ shape: Int...) throws -> Tensor {
  try Tensor.arange(end: Double(shape.reduce(1, *))).reshape(shape)
}

/// Standard normal values from a seed.
func normal(_ shape: Int..., seed: UInt64) throws -> Tensor {
  try Generator(seed: seed).normal(shape)
}

/// Whether two lists agree, element by element, relative to the larger of 1 and the expected value.
func isClose(_ values: [Double], _ expected: [Double], tolerance: Double = 1e-6) -> Bool {
  values.count == expected.count
    && zip(values, expected).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

/// The `TorchError` that `body` throws; nil for no error or another one.
func torchError(_ body: () throws -> Void) -> TorchError? {
  do {
    try body()
  } catch {
    return error as? TorchError
  }
  return nil
}

/// Whether a message is one line without a backtrace.
func isOneLine(_ message: String) -> Bool {
  !message.isEmpty && !message.contains("\n") && !message.contains("frame #")
    && !message.contains("Exception raised")
}
