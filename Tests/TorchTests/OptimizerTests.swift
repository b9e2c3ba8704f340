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
}
