import Testing
import Torch

@Suite("Tensors on their way to a device")
struct TransferTests {
  /// Tensors of several sizes and types, one of them transposed and one a row of another.
  private func tensors() throws -> [Tensor] {
    [
      try normal(3, 5, seed: 1), try normal(700, seed: 2).to(.bfloat16), try .zeros([0, 4]),
      try normal(4, 6, seed: 3).transpose(0, 1),
      try normal(9, 64, seed: 4).select(dim: 0, index: 7),
      try Tensor([Int64(1), -2, 3], shape: [3]), try .full([], value: 2.5),
      try normal(33, 3, seed: 5).to(.float16),
    ]
  }

  private func transfer(
    _ tensors: [Tensor], dtype: DType?, staging: Int, to device: Device = .cpu
  ) throws -> [(tensor: Tensor, isCopy: Bool)] {
    var results: [(Tensor, Bool)] = []
    try Tensor.transfer(
      tensors.count, to: device, dtype: dtype, staging: staging, next: { tensors[$0] },
      take: { index, tensor, isCopy in
        #expect(index == results.count)
        results.append((tensor, isCopy))
      })
    return results
  }

  private static var devices: [Device] { Device.cudaCount > 0 ? [.cpu, .cuda(0)] : [.cpu] }

  @Test(
    "Two buffers give the same bytes as plain copies, however small they are",
    arguments: [8, 24, 100, 4096], [nil, DType.bfloat16, .float32])
  func buffers(staging: Int, dtype: DType?) throws {
    let tensors = try tensors()
    for device in Self.devices {
      let results = try transfer(tensors, dtype: dtype, staging: staging, to: device)
      for (tensor, result) in zip(tensors, results) {
        let expected = try tensor.to(dtype ?? tensor.dtype)
        #expect(result.isCopy && result.tensor.device == device)
        #expect(result.tensor.shape == tensor.shape && result.tensor.dtype == expected.dtype)
        #expect(try result.tensor.bytes() == expected.bytes())
      }
    }
  }

  @Test("Without buffers, a tensor that is there in its type is passed on as it is")
  func plain() throws {
    let tensors = try tensors()
    let results = try transfer(tensors, dtype: .float32, staging: 0)
    for (tensor, result) in zip(tensors, results) {
      #expect(result.isCopy == (tensor.dtype != .float32))
      #expect(try result.tensor.bytes() == tensor.to(.float32).bytes())
    }
    try tensors[0].copy(from: .zeros([3, 5]))
    #expect(try results[0].tensor.floats().allSatisfy { $0 == 0 })
  }

  @Test("Errors of both closures end the transfer and are thrown")
  func errors() throws {
    struct Planned: Error {}
    for (failsNext, count) in [(true, 2), (false, 3)] {
      var asked = 0
      #expect(throws: Planned.self) {
        try Tensor.transfer(
          5, to: .cpu, dtype: nil,
          next: { index in
            if failsNext, index == 2 { throw Planned() }
            asked += 1
            return try vector(1)
          },
          take: { index, _, _ in if !failsNext, index == 2 { throw Planned() } })
      }
      #expect(asked == count)
    }
    let missing = Device.cuda(Device.cudaCount + 3)
    let error = torchError {
      try Tensor.transfer(
        1, to: missing, dtype: nil, next: { _ in try vector(1) }, take: { _, _, _ in })
    }
    #expect(error?.message.hasPrefix("There is no device") == true)
  }
}
