/// A queue of merges, ordered by rank and then from left to right (a binary heap).
struct MergeQueue {
  /// Two neighbouring tokens that can be merged.
  struct Entry: Comparable {
    let rank: Int
    /// The position of the left token.
    let position: Int
    /// The merged token.
    let id: Int

    static func < (left: Entry, right: Entry) -> Bool {
      (left.rank, left.position) < (right.rank, right.position)
    }
  }

  private var heap: [Entry] = []

  mutating func insert(_ entry: Entry) {
    heap.append(entry)
    var child = heap.count - 1
    while child > 0, heap[child] < heap[(child - 1) / 2] {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popFirst() -> Entry? {
    guard let last = heap.popLast() else { return nil }
    guard let first = heap.first else { return last }
    heap[0] = last
    var parent = 0
    while 2 * parent + 1 < heap.count {
      let left = 2 * parent + 1
      let right = left + 1
      let smaller = right < heap.count && heap[right] < heap[left] ? right : left
      guard heap[smaller] < heap[parent] else { break }
      heap.swapAt(smaller, parent)
      parent = smaller
    }
    return first
  }
}
