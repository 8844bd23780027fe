import './base.css';
import './job.css';
import './shelves.css';
import './runs.css';
import './review.css';
import './card.css';
