public import Torch

extension RankGroup {
  /// The median time of a sum of so many float32 numbers over all ranks. Throws `RankError`.
  public func timeOfSum(count: Int, on device: Device, rounds: Int = 9) throws -> Duration {
    let numbers = try Tensor.zeros([count], device: device)
    var times: [Duration] = []
    // The first rounds connect the ranks and allocate memory.
    for round in -2..<rounds {
      _ = try any(false)
      let start = ContinuousClock.now
      try sum(numbers)
      // Waits for a GPU.
      _ = try numbers.narrow(dim: 0, start: 0, length: 1).floats()
      if round >= 0 { times.append(ContinuousClock.now - start) }
    }
    return times.sorted()[times.count / 2]
  }
}
