package import Yams

/// A negative seed means any seed: it is replaced by one that is drawn at random, and that is stated.
extension OptionLayers {
  /// Whether an option's seed, or one in its list, is negative.
  package func drawsSeed<Value>(_ path: KeyPath<Table, Option<Table, Value>>) -> Bool {
    node(Table.schema.key(of: path))?.hasNegative ?? false
  }

  /// Replaces the negative seeds of an option by random ones. Returns these.
  package mutating func drawSeeds<Value>(
    _ path: KeyPath<Table, Option<Table, Value>>
  ) -> [UInt64] {
    let key = Table.schema.key(of: path)
    guard let node = node(key) else { return [] }
    let (replaced, seeds) = node.drawingSeeds()
    set(key, to: replaced)
    return seeds
  }

  /// Replaces the negative seed of an option by a random one. Returns it; nil for another seed.
  package mutating func drawSeed(_ path: KeyPath<Table, Option<Table, UInt64>>) -> UInt64? {
    drawSeeds(path).first
  }

  /// Sets an option with a negative seed to the seeds of another table.
  package mutating func replaceSeeds(
    _ path: KeyPath<Table, Option<Table, UInt64>>, by seeds: [UInt64]
  ) {
    guard drawsSeed(path), let seed = seeds.first else { return }
    set(Table.schema.key(of: path), to: Node("\(seed)"))
  }

  /// Sets a list with a negative seed to the seeds of another table.
  package mutating func replaceSeeds(
    _ path: KeyPath<Table, Option<Table, [UInt64]>>, by seeds: [UInt64]
  ) {
    guard drawsSeed(path) else { return }
    set(Table.schema.key(of: path), to: Node(seeds.map { Node("\($0)") }))
  }
}

/// A seed of 32 bits, as in other programs, drawn at random.
package func randomSeed() -> UInt64 { UInt64(UInt32.random(in: 0...UInt32.max)) }

extension Node {
  /// A number or list with each negative whole number replaced by a random seed, and these seeds.
  package func drawingSeeds() -> (node: Node, seeds: [UInt64]) {
    guard hasNegative else { return (self, []) }
    if let sequence {
      let drawn = sequence.map { $0.isNegative ? randomSeed() : nil }
      let nodes = zip(sequence, drawn).map { node, seed in seed.map { Node("\($0)") } ?? node }
      return (Node(nodes), drawn.compactMap { $0 })
    }
    let seed = randomSeed()
    return (Node("\(seed)"), [seed])
  }

  fileprivate var hasNegative: Bool { sequence?.contains(where: \.isNegative) ?? isNegative }

  /// Whether the value is a negative whole number without quotes.
  private var isNegative: Bool {
    guard let scalar, [.any, .plain].contains(scalar.style) else { return false }
    return CoreSchema.integer(Int.self, scalar.string).map { $0 < 0 } ?? false
  }
}
