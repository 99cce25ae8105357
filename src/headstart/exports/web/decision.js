/* The rule that makes an answer of probabilities: the same steps in float64 as classifier/decision.py. */

/* Return the number of the answer. decision: null for the most probable class, or what Decision.to_page gives. */
function decide(probabilities, decision) {
  const scores = Array.from(probabilities);
  if (decision && decision.number !== null) {
    const { number, threshold } = decision;
    scores[number] = scores[number] >= threshold ? Infinity : -Infinity;
  }
  for (const [truth, answer, cost] of decision ? decision.costs : []) {
    scores[answer] -= (cost - 1) * probabilities[truth];
  }
  return scores.reduce((best, score, i) => (score > scores[best] ? i : best), 0);
}

/* Say why the answer is not the most probable class; an empty text if it is. */
function explainDecision(probabilities, decision, answer) {
  if (!decision || answer === decide(probabilities, null)) return "";
  return answer === decision.number ? decision.reasonFor : decision.reasonAgainst;
}
