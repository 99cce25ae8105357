/* The rules that make an answer of probabilities and novelty: the same as classifier/rules.py. decision.js chooses. */

const NONE_OF_THESE = "none of these";

/* Return the answer for a photo. rules: what AnswerRules.to_page gives, and labels. novelty: null if there is none.
   threshold: the probability from which labels are in the label set, or null for no label set. */
function answerPhoto(probabilities, novelty, rules, threshold) {
  const number = decide(probabilities, rules.decision), numbers = Array.from(probabilities, (_, i) => i);
  const ranked = numbers.sort(
    (i, j) => (j === number) - (i === number) || probabilities[j] - probabilities[i] || i - j,
  );
  const isKnown = novelty === null || rules.refusedShare === null || novelty > rules.refusedShare;
  const label = rules.labels[number];
  return {
    label, probability: probabilities[number], probabilities, ranked, novelty, isKnown,
    answer: isKnown ? label : NONE_OF_THESE,
    why: explainDecision(probabilities, rules.decision, number),
    labelSet: threshold === null || !isKnown ? null : findLabelSet(probabilities, ranked, threshold, rules.labels),
  };
}

/* Return the labels of a set: the answer, the most probable label, and those of at least the threshold. ranked: the
   answer first, then the most probable; the set has the same order. */
function findLabelSet(probabilities, ranked, threshold, labels) {
  const isMost = (i, n) => n === 1 && probabilities[i] > probabilities[ranked[0]];
  return ranked.filter((i, n) => n === 0 || probabilities[i] >= threshold || isMost(i, n)).map((i) => labels[i]);
}

/* Say how strange a photo is, in a sentence. Training takes a rounding off each novelty: ROUNDING in head/novelty.py. */
function describeNovelty(novelty) {
  const few = [10000, 5000, 2000, 1000, 500, 200, 100].find((n) => novelty + 1e-5 < 1 / n);
  if (few) return `Fewer than 1 in ${few.toLocaleString("en")} of the classifier's own photos look as strange.`;
  if (novelty >= 0.995) return "Nearly all of the classifier's own photos look at least as strange.";
  return `About ${Math.round(100 * novelty)} in 100 of the classifier's own photos look at least as strange.`;
}

/* Return labels as words: "glass or metal". */
function joinLabels(labels) {
  const shown = labels.length > 6 ? [...labels.slice(0, 5), `${labels.length - 5} others`] : labels;
  return shown.length === 1 ? shown[0] : `${shown.slice(0, -1).join(", ")} or ${shown[shown.length - 1]}`;
}
