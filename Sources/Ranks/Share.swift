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

  /// Whether an item belongs to this rank, when they are dealt out one by one.
  public func contains(_ index: Int) -> Bool { index % size == rank }

  /// The rank to which an item is dealt out.
  public func owner(of index: Int) -> Int { index % size }
}

extension RankGroup {
  /// This rank's part of divided work.
  public var share: Share { Share(rank: rank, size: size) }
}
