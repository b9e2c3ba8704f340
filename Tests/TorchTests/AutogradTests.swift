import Testing
import Torch

@Suite("Gradients")
struct AutogradTests {
  private struct Stop: Error {}

  @Test("backward accumulates in leaves, and only there")
  func backward() throws {
    let x = try vector(1, -2, 3)
    try x.setRequiresGrad(true)
    let constant = try vector(2, 2, 2)
    let y = try x * x * constant
    #expect(x.requiresGrad && y.requiresGrad && !constant.requiresGrad)
    try y.sum().backward()
    #expect(try x.grad?.floats() == [4, -8, 12])
    #expect(try constant.grad == nil)
    try (x * 1).sum().backward()
    #expect(try x.grad?.floats() == [5, -7, 13])
  }

  @Test("setGrad replaces or drops a gradient")
  func setGrad() throws {
    let x = try vector(1, 2)
    try x.setRequiresGrad(true)
    #expect(try x.grad == nil)
    try x.setGrad(vector(7, 8))
    #expect(try x.grad?.floats() == [7, 8])
    try x.setGrad(nil)
    #expect(try x.grad == nil)
  }

  @Test("No gradient is nil, also right after a call that failed")
  func noGradient() throws {
    let x = try vector(1, 2)
    #expect(throws: TorchError.self) { try x.reshape([3]) }
    #expect(try x.grad == nil)
    try x.setRequiresGrad(true)
    #expect(throws: TorchError.self) { try x.backward() }
    #expect(try x.grad == nil)
  }

  @Test("detach leaves the graph, clone stays in it with memory of its own")
  func detachAndClone() throws {
    let x = try vector(1, 2)
    try x.setRequiresGrad(true)
    #expect(try !x.detach().requiresGrad)
    let copy = try x.clone()
    #expect(copy.requiresGrad)
    try noGrad { try x.copy(from: vector(5, 5)) }
    #expect(try copy.floats() == [1, 2])
  }

  @Test("A gradient has the type of its leaf, also after operations in another type")
  func types() throws {
    let x = try vector(1, 2)
    try x.setRequiresGrad(true)
    try (x.to(.bfloat16) * 3).sum().backward()
    #expect(try x.grad?.dtype == .float32)
    #expect(try x.grad?.floats() == [3, 3])
  }

  @Test("noGrad records nothing, nests, and ends with its body")
  func noGradNesting() throws {
    let x = try vector(1)
    try x.setRequiresGrad(true)
    #expect(isGradEnabled)
    let result = try noGrad {
      #expect(!isGradEnabled)
      noGrad { #expect(!isGradEnabled) }
      #expect(!isGradEnabled)
      return try x * 2
    }
    #expect(isGradEnabled)
    #expect(!result.requiresGrad)
    #expect(try (x * 2).requiresGrad)
  }

  @Test("noGrad ends also when its body throws")
  func noGradThrowing() {
    #expect(throws: Stop.self) { try noGrad { throw Stop() } }
    #expect(isGradEnabled)
    #expect(throws: TorchError.self) { try noGrad { _ = try vector(1).reshape([2]) } }
    #expect(isGradEnabled)
  }

  @Test("A backward pass without a gradient throws an error of one line")
  func errors() throws {
    let x = try vector(1, 2)
    #expect(torchError { try x.sum().backward() }.map { isOneLine($0.message) } == true)
    try x.setRequiresGrad(true)
    #expect(torchError { try (x * 2).backward() }.map { isOneLine($0.message) } == true)
    #expect(torchError { try Tensor.zeros([1], dtype: .int64).setRequiresGrad(true) } != nil)
    let loss = try x.square().sum()
    try loss.backward()
    #expect(torchError { try loss.backward() }.map { isOneLine($0.message) } == true)
  }
}
