/// A rank's part of work that is divided among all.
public struct Share: Sendable, Equatable {
  /// The number of the rank.
  public var rank: Int
  /// The number of ranks.
  public var size: Int

  /// Creates the share of a rank.
  public init(rank: Int, size: Int) {
    self.rank = rank
    self.size = size
  }

  /// The share of a process on its own: everything.
  public static let whole = Share(rank: 0, size: 1)

  /// The neighbouring items that belong to this rank. All ranks together have each item once, and no rank has
  /// more than one item more than another.
  public func range(of count: Int) -> Range<Int> {
    count * rank / size..<count * (rank + 1) / size
  }

  /// The items of ``range(of:)``, and how much their mean counts in the mean over all items. A rank without an
  /// item has the first one, which counts nothing.
  public func part(of count: Int) -> (range: Range<Int>, weight: Double) {
    let range = range(of: count)
    guard count > 0 else { return (range, 1) }
    return range.isEmpty ? (0..<1, 0) : (range, Double(range.count) / Double(count))
  }

  /// Whether an item belongs to this rank, when they are dealt out one by one.
  public func contains(_ index: Int) -> Bool { index % size == rank }

  /// The rank to which an item is dealt out.
  public func owner(of index: Int) -> Int { index % size }
}

extension RankGroup {
  /// This rank's part of divided work.
  public var share: Share { Share(rank: rank, size: size) }
}
