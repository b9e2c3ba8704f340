import Testing
import Torch

@Suite("Recorded work")
struct DeviceGraphTests {
  @Test("is repeated on the values that its tensors then have, backward passes and sums included")
  func repeated() throws {
    let x = try normal(3, 4, seed: 1)
    let weight = try normal(2, 4, seed: 2)
    let sum = try Tensor.zeros([3, 2])
    func results() throws -> (output: Tensor, gradient: Tensor?) {
      try weight.setGrad(nil)
      try weight.setRequiresGrad(true)
      let output = try (x * x).linear(weight, nil).silu()
      let (first, second) = try (
        output.narrow(dim: 1, start: 0, length: 1), output.narrow(dim: 1, start: 1, length: 1)
      )
      let joined: Tensor = try .cat([second, first], dim: 1)
      try (joined * joined).sum().backward()
      try noGrad { try Tensor.addEach(to: [sum], [joined.detach()]) }
      return (try joined.detach(), try weight.grad)
    }
    let graph = try DeviceGraph(on: .cpu)
    let recorded = try graph.record { try results() }
    let gradient = try #require(recorded.gradient)
    for seed in UInt64(3)...5 {
      let before = try sum.clone()
      try noGrad {
        try x.copy(from: normal(3, 4, seed: seed))
        try weight.copy(from: normal(2, 4, seed: seed + 10))
      }
      try graph.replay()
      let repeated = try (recorded.output.bytes(), gradient.bytes(), sum.bytes())
      try sum.copy(from: before)
      let expected = try results()
      #expect(try expected.output.bytes() == repeated.0)
      #expect(try #require(expected.gradient).bytes() == repeated.1)
      #expect(try sum.bytes() == repeated.2)
    }
  }

  @Test("keeps the numbers of the host that it was recorded with")
  func numbers() throws {
    let x = try Tensor.ones([2])
    var factor = 3.0
    let graph = try DeviceGraph(on: .cpu)
    let y = try graph.record { try x * factor }
    factor = 5
    try x.copy(from: .full([2], value: 2))
    try graph.replay()
    #expect(try y.floats() == [6, 6])
  }

  @Test("does not exist after an error, which is thrown, and the next recording works")
  func failure() throws {
    struct Planned: Error {}
    let graph = try DeviceGraph(on: .cpu)
    #expect(throws: Planned.self) {
      try graph.record {
        _ = try Tensor.ones([2]) * 2
        throw Planned()
      }
    }
    #expect(throws: TorchError.self) { try graph.record { try Tensor.ones([2]).reshape([3]) } }
    #expect(throws: TorchError.self) { try graph.replay() }
    let other = try DeviceGraph(on: .cpu, neighbour: graph)
    let x = try Tensor.ones([2])
    let y = try other.record { try x + x }
    try x.copy(from: .full([2], value: 4))
    try other.replay()
    #expect(try y.floats() == [8, 8])
  }

  @Test(
    "cannot read a value, and results of neighbours are valid until the next repetition")
  func reads() throws {
    let x = try Tensor.ones([2])
    let attempts: [() throws -> Void] = [
      { _ = try x.sum().item() }, { _ = try x.floats() }, { _ = try x.isFinite() },
    ]
    for attempt in attempts {
      let graph = try DeviceGraph(on: .cpu)
      #expect(throws: TorchError.self) { try graph.record(attempt) }
      #expect(throws: TorchError.self) { try graph.replay() }
    }
    let one = try DeviceGraph(on: .cpu)
    let y = try one.record { try x + x }
    let other = try DeviceGraph(on: .cpu, neighbour: one)
    let z = try other.record { try x * x }
    #expect(try y.floats().allSatisfy(\.isNaN) && z.floats() == [1, 1])
    try one.replay()
    #expect(try y.floats() == [2, 2] && z.floats().allSatisfy(\.isNaN))
  }

  @Test("A recording inside a recording is an error")
  func nested() throws {
    let (outer, inner) = (try DeviceGraph(on: .cpu), try DeviceGraph(on: .cpu))
    #expect(throws: TorchError.self) { try outer.record { try inner.record {} } }
    // The outer one has ended, too.
    try inner.record { _ = try Tensor.ones([1]) + 1 }
    try inner.replay()
  }
}
