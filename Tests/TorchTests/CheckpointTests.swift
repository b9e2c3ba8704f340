import Testing
import Torch

/// Counts when it is freed, and with it the closure that captured it.
private final class Captured {
  final class Count { var value = 0 }

  private let ended: Count

  init(_ ended: Count) { self.ended = ended }

  deinit { ended.value += 1 }

  func touch(_ tensor: Tensor) -> Tensor { tensor }
}

@Suite("Gradient checkpointing by closure")
struct CheckpointTests {
  private struct Odd: Error, CustomStringConvertible {
    let description = "The body failed."
  }

  private let weight: Tensor
  private let x: Tensor

  init() throws {
    weight = try normal(6, 6, seed: 1)
    try weight.setRequiresGrad(true)
    x = try normal(4, 6, seed: 2)
  }

  private func body(_ inputs: [Tensor]) throws -> Tensor {
    try (inputs[0].linear(weight).silu() * inputs[inputs.count - 1]).gelu()
  }

  /// The bytes of the loss and of all gradients.
  private func results(_ loss: Tensor, _ leaves: [Tensor]) throws -> [[UInt8]] {
    try loss.backward()
    let gradients = try leaves.map { try $0.grad?.bytes() ?? [] }
    for leaf in leaves { try leaf.setGrad(nil) }
    return try [loss.bytes()] + gradients
  }

  @Test("Loss and gradients equal those of a plain run, bit for bit")
  func exact() throws {
    let other = try normal(4, 6, seed: 3)
    try x.setRequiresGrad(true)
    try other.setRequiresGrad(true)
    let leaves = [weight, x, other]
    let plain = try results(body([x, other]).square().mean(), leaves)
    let again = try results(
      checkpoint([x, other], trained: [weight], body).square().mean(), leaves)
    #expect(plain.allSatisfy { $0.contains { $0 != 0 } })
    #expect(again == plain)
  }

  @Test("Trained tensors get gradients even if no input has one")
  func frozenInputs() throws {
    let plain = try results(body([x]).mean(), [weight])
    let output = try checkpoint([x], trained: [weight], body)
    #expect(output.requiresGrad)
    #expect(try results(output.mean(), [weight]) == plain)
    #expect(try x.grad == nil)
  }

  @Test("Chained and nested checkpoints give the gradients of a plain run")
  func nested() throws {
    try x.setRequiresGrad(true)
    func inner(_ inputs: [Tensor]) throws -> Tensor {
      try checkpoint(inputs, trained: [weight], body)
    }
    let plain = try results(body([body([body([x])])]).mean(), [weight, x])
    let chain = try results(inner([inner([inner([x])])]).mean(), [weight, x])
    let nest = try results(
      checkpoint([x], trained: [weight]) { [weight] inputs in
        try checkpoint([inner([inner(inputs)])], trained: [weight], body)
      }.mean(), [weight, x])
    #expect(chain == plain)
    #expect(nest == plain)
  }

  @Test("Nothing is recorded if nothing is trained, or under noGrad")
  func untracked() throws {
    let frozen = try weight.detach()
    #expect(try !checkpoint([x], trained: [frozen]) { try $0[0].linear(frozen) }.requiresGrad)
    #expect(try !noGrad { try checkpoint([x], trained: [weight], body) }.requiresGrad)
  }

  @Test("The body runs once forwards without recording, and once backwards with recording")
  func runs() throws {
    var recorded: [Bool] = []
    let output = try checkpoint([x], trained: [weight]) { [body] inputs in
      recorded.append(isGradEnabled)
      return try body(inputs)
    }
    #expect(recorded == [false])
    try output.sum().backward()
    #expect(recorded == [false, true])
    #expect(isGradEnabled)
  }

  @Test("A trained tensor that the body does not use gets no gradient")
  func unused() throws {
    let other = try vector(1)
    try other.setRequiresGrad(true)
    try checkpoint([x], trained: [weight, other], body).sum().backward()
    #expect(try other.grad == nil)
    #expect(try weight.grad != nil)
  }

  @Test("An error of the first run keeps its message")
  func firstRun() throws {
    let typed = torchError {
      _ = try checkpoint([x], trained: [weight]) { _ in
        throw TorchError("There is no memory.", isOutOfMemory: true)
      }
    }
    #expect(typed?.message == "There is no memory.")
    #expect(typed?.isOutOfMemory == true)
    let other = torchError { _ = try checkpoint([x], trained: [weight]) { _ in throw Odd() } }
    #expect(other?.description == "The body failed.")
    #expect(other?.isOutOfMemory == false)
    let torch = torchError { _ = try checkpoint([x], trained: [weight]) { try $0[0].reshape([5]) } }
    #expect(torch?.message == "shape '[5]' is invalid for input of size 24")
    #expect(isGradEnabled)
  }

  @Test("backward throws an error of the second run with its message", arguments: 0..<2)
  func secondRun(depth: Int) throws {
    var runs = 0
    func failing(_ inputs: [Tensor]) throws -> Tensor {
      runs += 1
      // At depth 1 the inner body runs in the outer's first run and in both passes of its second.
      if runs == 2 + depth { throw TorchError("Only the second time.", isOutOfMemory: true) }
      return try body(inputs)
    }
    let output = try checkpoint([x], trained: [weight]) { inputs in
      depth == 0 ? try failing(inputs) : try checkpoint(inputs, trained: [weight], failing)
    }
    let loss = try output.sum()
    let error = torchError { try loss.backward() }
    #expect(error?.message == "Only the second time.")
    #expect(error?.isOutOfMemory == true)
    #expect(isGradEnabled)
    try body([x]).sum().backward()
    #expect(try weight.grad != nil)
  }

  @Test(
    "The closure is released exactly once",
    arguments: ["backward", "no backward", "first run fails", "second run fails", "untracked"])
  func release(course: String) throws {
    let ended = Captured.Count()
    func run() throws {
      let captured = Captured(ended)
      let trained = course == "untracked" ? [] : [weight]
      var runs = 0
      let output = try checkpoint([x], trained: trained) { [body, weight] inputs in
        runs += 1
        if course == "first run fails" || (course == "second run fails" && runs == 2) {
          throw Odd()
        }
        let output = try trained.isEmpty ? inputs[0].linear(weight.detach()) : body(inputs)
        return captured.touch(output)
      }
      #expect(ended.value == 0)
      if course == "backward" || course == "second run fails" { try output.sum().backward() }
    }
    if course.hasSuffix("fails") {
      #expect(torchError(run)?.description == "The body failed.")
    } else {
      try run()
    }
    #expect(ended.value == 1)
  }
}
