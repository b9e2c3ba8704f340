import NN
import TestSupport
import Testing
import Torch

/// Adapters of every kind against peft and lycoris-lora: a layer's output and its gradients.
@Suite("Kinds of adapters against peft and LyCORIS")
struct AdapterKindGoldenTests {
  struct Cases: Decodable {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
      let name: String
      let layer: String
      let trained: Bool

      var testDescription: String { "\(name) on \(layer)" }
    }

    let cases: [Case]
    let rank: Int
    let alpha: Double

    static let all = Result { try Golden("kinds/layers").config(as: Cases.self) }
  }

  private let golden: Golden

  init() throws { golden = try Golden("kinds/layers") }

  @Test("The output and all gradients are the reference's", arguments: try Cases.all.get().cases)
  func forward(_ testCase: Cases.Case) throws {
    let prefix = "\(testCase.name).\(testCase.layer)"
    let holder = try Holder(testCase.layer, golden)
    let (adapter, names) = try golden.adapter(
      prefix, shape: golden.shape("\(testCase.layer).weight"))
    #expect(adapter is any TrainableAdapterKind || !testCase.trained)
    for (_, tensor) in adapter.tensors where tensor.dtype == .float32 {
      try tensor.setRequiresGrad(true)
    }
    holder.setAdapters(["layer": adapter])
    let x = try golden.tensor("\(testCase.layer).x")
    try x.setRequiresGrad(true)
    let output = try holder(x)
    #expect(try relativeDifference(output.detach(), golden.tensor("\(prefix).out")) < 1e-5)
    try (output * golden.tensor("\(testCase.layer).probe")).sum().backward()
    let gradient = try #require(try x.grad)
    #expect(try relativeDifference(gradient, golden.tensor("\(prefix).grad.x")) < 1e-5)
    guard testCase.trained else { return }
    for (name, tensor) in adapter.tensors {
      let gradient = try #require(try tensor.grad, "\(name)")
      let ending = try #require(
        names[name] ?? (name == "lora_magnitude_vector" ? "dora_scale" : nil))
      let expected = try golden.tensor("\(prefix).grad.\(ending)").reshape(tensor.shape)
      #expect(try relativeDifference(gradient, expected) < 1e-5, "\(name)")
    }
  }

  @Test(
    "Merged into the weight and bias, the layer gives the same",
    arguments: try Cases.all.get().cases)
  func merged(_ testCase: Cases.Case) throws {
    let prefix = "\(testCase.name).\(testCase.layer)"
    let holder = try Holder(testCase.layer, golden)
    let (adapter, _) = try golden.adapter(prefix, shape: golden.shape("\(testCase.layer).weight"))
    let x = try golden.tensor("\(testCase.layer).x")
    let base = try holder(x)
    holder.setAdapters(["layer": adapter])
    try holder.mergeAdapters()
    #expect(try relativeDifference(holder(x), golden.tensor("\(prefix).out")) < 1e-5)
    holder.unmergeAdapters()
    holder.setAdapters([:])
    #expect(try holder(x).bytes() == base.bytes())
    // At half the strength, and in a sum of two halves, the change is that of the whole.
    let half = adapter.scaled(by: 0.5)
    holder.setAdapters(["layer": half])
    let expected = try base + (golden.tensor("\(prefix).out") - base) * 0.5
    #expect(try relativeDifference(holder(x), expected) < 1e-5)
    holder.setAdapters(["layer": try #require(try AdapterSum.of([half, half]))])
    #expect(try relativeDifference(holder(x), golden.tensor("\(prefix).out")) < 1e-5)
    try holder.mergeAdapters()
    #expect(try relativeDifference(holder(x), golden.tensor("\(prefix).out")) < 1e-5)
    holder.setAdapters(["layer": adapter.scaled(by: 0)])
    #expect(try relativeDifference(holder(x), base) < 1e-6)
  }

  @Test("PiSSA begins with PEFT's first product, and learns as PEFT's residual does")
  func pissa() throws {
    let holder = try Holder("linear", golden)
    let cases = try Cases.all.get()
    var settings = AdapterSettings(rank: cases.rank, alpha: cases.alpha)
    settings.initialization = .pissa
    let x = try golden.tensor("linear.x")
    let base = try holder(x)
    let site = try holder.attachAdapters(LoRA.self, targets: ["layer"], settings: settings) { _ in
      try Generator(seed: 0)
    }[0]
    let pissa = try #require(site.adapter as? PiSSA)
    #expect(try relativeDifference(holder(x).detach(), base) < 1e-6)
    let (up, down) = (pissa.tensors[1].tensor, pissa.tensors[0].tensor)
    let first = try up.detach().matmul(down.detach()) * (cases.alpha / Double(cases.rank))
    #expect(try relativeDifference(first, golden.tensor("pissa.linear.first")) < 1e-5)
    for (name, tensor) in pissa.tensors {
      try tensor.detach().copy(from: golden.tensor("pissa.linear.file.\(name)"))
    }
    try x.setRequiresGrad(true)
    let output = try holder(x)
    #expect(try relativeDifference(output.detach(), golden.tensor("pissa.linear.out")) < 1e-5)
    try (output * golden.tensor("linear.probe")).sum().backward()
    for (name, tensor) in pissa.tensors {
      let gradient = try #require(try tensor.grad)
      let expected = try golden.tensor("pissa.linear.grad.\(name)")
      #expect(try relativeDifference(gradient, expected) < 1e-5, "\(name)")
    }
    // The file's LoRA of twice the rank changes the unchanged base as PEFT's residual and matrices do.
    let stored = try #require(try pissa.stored() as? LoRA)
    #expect(stored.rank == 2 * cases.rank)
    let weight = try golden.tensor("linear.weight")
    let delta = try golden.tensor("pissa.linear.delta")
    #expect(try relativeDifference(stored.delta(of: weight).detach(), delta) < 1e-5)
    #expect(try relativeDifference(pissa.delta(of: weight).detach(), delta) < 1e-5)
    let other = try PiSSA.make(for: weight * 2, settings: settings, generator: Generator(seed: 0))
    #expect(try other.restore(from: stored))
    #expect(
      try other.stored().tensors.map { try $0.tensor.bytes() }
        == stored.tensors.map { try $0.tensor.detach().bytes() })
    #expect(try !other.restore(from: LoRA(down: down, up: up, scale: 1)))
  }
}
