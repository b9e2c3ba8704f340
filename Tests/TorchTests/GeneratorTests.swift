import Testing
import Torch

@Suite("Seeded random numbers equal PyTorch's")
struct GeneratorTests {
  /// The first values of `torch.randn(4, generator=torch.Generator("cpu").manual_seed(seed))`.
  @Test(
    "Numbers of a seed",
    arguments: [
      (UInt64(0), [1.5409961, -0.2934289, -2.1787894, 0.56843126] as [Float]),
      (UInt64.max, [1.219763, -0.39297947, 1.0230751]),
    ])
  func numbers(seed: UInt64, expected: [Float]) throws {
    #expect(try Generator(seed: seed).normal([expected.count]).floats() == expected)
  }

  @Test("Successive draws equal PyTorch's, short and long")
  func sequence() throws {
    let short = try Generator(seed: 7)
    #expect(
      try short.normal([5]).floats() == [
        -0.1467951, 0.7861413, 0.94682163, -1.114344, 1.6907902,
      ])
    #expect(try short.normal([1, 2]).floats() == [-0.8948279, -0.35562503])
    #expect(try short.normal([20]).floats().prefix(3) == [-1.5826646, -0.32456663, 1.9263681])
    let long = try Generator(seed: 7)
    #expect(try long.normal([4, 4]).floats().prefix(2) == [-0.82013453, 0.39563116])
    #expect(try long.normal([3]).floats() == [0.13817266, -1.6821985, 0.3176783])
  }

  @Test("Generators do not disturb each other")
  func independence() throws {
    let alone = try Generator(seed: 5)
    let expected = [try alone.normal([3]).floats(), try alone.normal([3]).floats()]
    let first = try Generator(seed: 5)
    let second = try Generator(seed: 6)
    let one = try first.normal([3]).floats()
    _ = try second.normal([100])
    #expect([one, try first.normal([3]).floats()] == expected)
    #expect(expected[0] != expected[1])
  }

  /// `torch.empty(12).bernoulli_(0.7, generator=torch.Generator("cpu").manual_seed(3))`.
  @Test("Ones with a probability equal PyTorch's")
  func bernoulli() throws {
    #expect(
      try Tensor.bernoulli([3, 4], probability: 0.7, seed: 3).floats()
        == [1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 1])
    let many = try Tensor.bernoulli([10_000], probability: 0.25, seed: 1).mean().item()
    #expect(abs(many - 0.25) < 0.02)
  }
}
