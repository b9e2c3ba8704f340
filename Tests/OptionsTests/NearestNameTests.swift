import Options
import Testing

@Suite("The nearest name")
struct NearestNameTests {
  private let names = ["steps", "seed", "batch_size", "learning_rate", "rank"]

  @Test(
    "has the fewest changes: insertions, deletions, substitutions, swaps of neighbours",
    arguments: [
      ("step", "steps"), ("stepss", "steps"), ("stups", "steps"), ("setps", "steps"),
      ("Steps", "steps"), ("bacth_size", "batch_size"), ("lerning_raet", "learning_rate"),
      ("rnak", "rank"), ("größe", nil), ("width", nil), ("spets", nil), ("s", nil),
    ])
  func nearest(name: String, nearest: String?) {
    #expect(nearestName(to: name, in: names) == nearest)
  }

  @Test("is the first in the alphabet of several")
  func several() {
    #expect(nearestName(to: "bat", in: ["hat", "cat", "mat"]) == "cat")
    #expect(nearestName(to: "bat", in: []) == nil)
  }
}
