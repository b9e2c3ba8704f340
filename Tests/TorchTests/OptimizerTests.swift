import Testing
import Torch

@Suite("Fused AdamW")
struct FusedAdamWTests {
  @Test("Lists of different lengths and empty lists are refused")
  func lengths() throws {
    func step(_ parameters: [Tensor], _ gradients: [Tensor]) throws {
      try fusedAdamW(
        parameters: parameters, gradients: gradients, averages: parameters, squares: parameters,
        steps: parameters, learningRate: 1, beta1: 0.9, beta2: 0.99, weightDecay: 0, epsilon: 1e-8)
    }
    let error = torchError { try step([vector(1)], []) }
    #expect(error?.description == "AdamW was given lists of different lengths.")
    #expect(torchError { try step([], []) }.map { isOneLine($0.message) } == true)
  }

  @Test("One step equals the paper's formula")
  func formula() throws {
    let parameter = try Tensor([Float(2)], shape: [1])
    let zeros = try (0..<2).map { _ in try Tensor.zeros([1]) }
    let steps = try Tensor.zeros([])
    try fusedAdamW(
      parameters: [parameter], gradients: [vector(0.5)], averages: [zeros[0]],
      squares: [zeros[1]], steps: [steps], learningRate: 0.1, beta1: 0.9, beta2: 0.99,
      weightDecay: 0.01, epsilon: 1e-8)
    // After the decay, the first step subtracts the learning rate times the gradient's sign.
    #expect(isClose(try parameter.doubles(), [2 * (1 - 0.1 * 0.01) - 0.1]))
    #expect(isClose(try zeros[0].doubles(), [0.05]))
    #expect(isClose(try zeros[1].doubles(), [0.0025]))
    #expect(try steps.item() == 1)
  }

  @Test("A step with a number that is not finite changes nothing")
  func skipped() throws {
    let parameter = try vector(2, 3)
    let state = try (0..<2).map { _ in try Tensor.ones([2]) }
    let steps = try Tensor.full([], value: 4)
    for (loss, changes) in [(Float.nan, false), (.infinity, false), (1, true)] {
      let foundInf = try vector(1, loss).foundInf()
      #expect(try foundInf.item() == (changes ? 0 : 1) && foundInf.dtype == .float32)
      try fusedAdamW(
        parameters: [parameter], gradients: [vector(1, .nan)], averages: [state[0]],
        squares: [state[1]], steps: [steps], foundInf: foundInf, learningRate: 0.1, beta1: 0.9,
        beta2: 0.99, weightDecay: 0.01, epsilon: 1e-8)
      #expect(try (parameter.floats() != [2, 3]) == changes)
      #expect(try steps.item() == (changes ? 5 : 4))
      #expect(try (state[0].floats() == [1, 1]) == !changes)
    }
  }

  @Test("Neighbours in memory are updated, clipped and measured as tensors of their own are")
  func neighbours() throws {
    let shapes = [[3], [2, 4], [], [5]]
    func values(_ seed: UInt64) throws -> [Tensor] {
      let generator = try Generator(seed: seed)
      return try shapes.map { try generator.normal($0) }
    }
    func joined(_ tensors: [Tensor]) throws -> [Tensor] {
      let neighbours = try Tensor.neighbours(like: tensors)
      for (target, source) in zip(neighbours, tensors) { try target.copy(from: source) }
      return neighbours
    }
    func results(_ place: ([Tensor]) throws -> [Tensor]) throws -> [[Double]] {
      // The lists are not in the order of the memory.
      let order = [1, 0, 3, 2]
      let (all, gradients) = (try place(values(1)), try place(values(2)))
      let state = try place(values(3).map { try $0.abs() })
      let steps = try place(shapes.map { _ in try .zeros([]) })
      func ordered(_ tensors: [Tensor]) -> [Tensor] { order.map { tensors[$0] } }
      let norm = try Tensor.norm(of: ordered(gradients))
      try Tensor.clip(ordered(gradients), norm: norm, to: 0.5)
      try fusedAdamW(
        parameters: ordered(all), gradients: ordered(gradients),
        averages: ordered(try place(values(4))), squares: ordered(state), steps: ordered(steps),
        learningRate: 0.1, beta1: 0.9, beta2: 0.99, weightDecay: 0.01, epsilon: 1e-8)
      return try (all + gradients + state + steps + [norm]).map { try $0.doubles() }
    }
    let (apart, together) = (try results { $0 }, try results(joined))
    #expect(apart.count == together.count)
    for (one, other) in zip(together, apart) { #expect(isClose(one, other)) }
    #expect(try countingOperations { _ = try results(joined) }["aten::_fused_adamw_"] == 1)
  }

  @Test("Gradients are clipped to a norm as by torch.nn.utils.clip_grad_norm_")
  func clip() throws {
    for (limit, expected) in [(20.0, [3.0, 4, 12]), (6.5, [1.5, 2, 6])] {
      let gradients = [try vector(3, 4), try vector(12)]
      try Tensor.clip(gradients, norm: Tensor.norm(of: gradients), to: limit)
      #expect(isClose(try gradients[0].doubles() + gradients[1].doubles(), expected))
    }
    try Tensor.clip([], norm: vector(1), to: 1)
  }

  @Test("Lists of tensors are copied and added pair by pair")
  func pairs() throws {
    let sources = [try vector(1.01, -3), try vector(0.7)]
    let halves = try sources.map { try Tensor.zeros($0.shape, dtype: .bfloat16) }
    try Tensor.copyEach(to: halves, from: sources)
    for (half, source) in zip(halves, sources) {
      #expect(try half.bytes() == source.to(.bfloat16).bytes())
    }
    let back = try sources.map { try Tensor.zeros($0.shape) }
    try Tensor.copyEach(to: back, from: halves)
    #expect(try back[0].floats() == halves[0].to(.float32).floats())
    try Tensor.addEach(to: back, sources)
    #expect(try back[1].floats() == (halves[1].to(.float32) + sources[1]).floats())
    #expect(torchError { try Tensor.addEach(to: back, []) } != nil)
    try Tensor.copyEach(to: [], from: [])
  }
}
