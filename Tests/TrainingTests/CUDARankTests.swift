import TestSupport
import Testing
import Torch

extension CUDATests {
  /// NCCL's interface, with the only rank that one GPU can have.
  @Suite("ranks", .enabled(if: TestedDevice.isPresent && device.isCUDA, "no CUDA GPU"))
  struct Ranks {
    @Test("A sum over one rank changes nothing, and the next operation waits for it")
    func sum() throws {
      #expect(ProcessGroup.hasNCCL)
      let store = try TCPStore(
        host: "127.0.0.1", port: freePort(), serves: true, timeout: .seconds(10),
        prefix: "test")
      let group = try ProcessGroup.nccl(store, rank: 0, size: 1, device: device)
      let values = try Generator(seed: 1).normal([1_000_003]).to(device)
      let before = try values.floats()
      for work in [try group.allReduce(values), try group.broadcast(values, from: 0)] {
        #expect(try work.wait(.seconds(10)))
      }
      #expect(try (values * 2).floats() == before.map { $0 * 2 })
    }
  }
}
